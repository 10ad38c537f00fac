export function NodeDetail() {
  return <h1>NodeDetail</h1>;
}
