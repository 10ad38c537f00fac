export function ServiceDetail() {
  return <h1>ServiceDetail</h1>;
}
