// Put in place by scripts/build.ts; neither exists when run from source.
declare const DRAGOMAN_VERSION: string | undefined
declare const DRAGOMAN_COMMIT: string | undefined

/** The released version, as in package.json. */
export const version: string = typeof DRAGOMAN_VERSION === 'string' ? DRAGOMAN_VERSION : '0.0.0-dev'

/** The git commit that the binary was built from, 12 characters. */
export const commit: string = typeof DRAGOMAN_COMMIT === 'string' ? DRAGOMAN_COMMIT : 'unknown'
