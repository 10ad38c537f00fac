/** Names of what the cluster has, offered while one types. */
export interface Names {
  hosts: readonly string[];
  folders: readonly string[];
  images: readonly string[];
}
