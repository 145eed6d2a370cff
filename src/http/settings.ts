/** What the HTTP layer needs of the configuration; immutable, replaced whole by a reload. Sizes in bytes. */
export interface HttpSettings {
  bodyLimit: number
  depthLimit: number
  strict: boolean
  /** Host names beyond loopback and the bound address. */
  allowedHosts: readonly string[]
  /** The address the server was told to bind. */
  boundHost: string
  /** Browser origins that may call. */
  corsOrigins: readonly string[]
  /** `none`: client routes take no key. */
  clientAuth: 'key' | 'none'
}
