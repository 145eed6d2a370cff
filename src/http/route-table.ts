type Methods = Set<string>

/** Which methods each path has, by the routes themselves. */
export class RouteTable {
  readonly #exact = new Map<string, Methods>()
  /** Paths with a segment that may be anything, such as `/admin/accounts/:id`. */
  readonly #named: { path: string; pattern: RegExp; methods: Methods }[] = []
  readonly #open: { prefix: string; methods: Methods }[] = []

  constructor(routes: readonly { method: string; path: string }[]) {
    for (const { method, path } of routes) {
      const methods = this.#methodsAt(path)
      methods.add(method)
      if (method === 'GET') methods.add('HEAD')
    }
  }

  methods(path: string): ReadonlySet<string> | undefined {
    return (
      this.#exact.get(path) ??
      this.#named.find(({ pattern }) => pattern.test(path))?.methods ??
      this.#open.find(({ prefix }) => path.startsWith(prefix))?.methods
    )
  }

  /** The path that somebody meant who has a slash too many, or the version missing or doubled in the base URL. */
  nearest(path: string): string | undefined {
    const plain = path.replace(/\/+$/, '').replace(/\/{2,}/g, '/')
    const guesses = [plain, `/v1${plain}`, plain.replace(/^.*(?=\/v1\/)/, '')]
    return guesses.find(guess => guess !== path && this.methods(guess) !== undefined)
  }

  #methodsAt(path: string): Methods {
    const star = path.indexOf('*')
    if (star !== -1) {
      const prefix = path.slice(0, star)
      return (this.#open.find(open => open.prefix === prefix) ?? added(this.#open, { prefix, methods: new Set<string>() })).methods
    }
    if (path.includes('/:')) {
      const known = this.#named.find(named => named.path === path)
      return (known ?? added(this.#named, { path, pattern: patternOf(path), methods: new Set<string>() })).methods
    }
    const methods = this.#exact.get(path) ?? new Set<string>()
    this.#exact.set(path, methods)
    return methods
  }
}

function added<T>(list: T[], item: T): T {
  list.push(item)
  return item
}

const patternOf = (path: string): RegExp =>
  new RegExp(
    `^${path
      .split('/')
      .map(part => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
      .join('/')}$`,
  )

const listed = (methods: ReadonlySet<string> | undefined): string => [...(methods ?? []), 'OPTIONS'].join(', ')

/** The methods of a path as its `Allow` header, and as text. */
export const allowed = {
  text: listed,
  header: (methods: ReadonlySet<string> | undefined): Record<string, string> => (methods ? { allow: listed(methods) } : {}),
}
