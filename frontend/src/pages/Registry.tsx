export function Registry() {
  return <h1>Registry</h1>;
}
