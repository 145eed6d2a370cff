/** Which methods each path has, by the routes themselves. */
export class RouteTable {
  readonly #exact = new Map<string, Set<string>>()
  readonly #open: { prefix: string; methods: Set<string> }[] = []

  constructor(routes: readonly { method: string; path: string }[]) {
    for (const { method, path } of routes) {
      const methods = method === 'GET' ? [method, 'HEAD'] : [method]
      const star = path.indexOf('*')
      if (star !== -1) this.#open.push({ prefix: path.slice(0, star), methods: new Set(methods) })
      else this.#exact.set(path, new Set([...(this.#exact.get(path) ?? []), ...methods]))
    }
  }

  methods(path: string): ReadonlySet<string> | undefined {
    return this.#exact.get(path) ?? this.#open.find(({ prefix }) => path.startsWith(prefix))?.methods
  }

  /** The path that somebody meant who has a slash too many, or the version missing or doubled in the base URL. */
  nearest(path: string): string | undefined {
    const plain = path.replace(/\/+$/, '').replace(/\/{2,}/g, '/')
    const guesses = [plain, `/v1${plain}`, plain.replace(/^.*(?=\/v1\/)/, '')]
    return guesses.find(guess => guess !== path && this.methods(guess) !== undefined)
  }
}

const listed = (methods: ReadonlySet<string> | undefined): string => [...(methods ?? []), 'OPTIONS'].join(', ')

/** The methods of a path as its `Allow` header, and as text. */
export const allowed = {
  text: listed,
  header: (methods: ReadonlySet<string> | undefined): Record<string, string> => (methods ? { allow: listed(methods) } : {}),
}
