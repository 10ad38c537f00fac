export function NewService() {
  return <h1>NewService</h1>;
}
