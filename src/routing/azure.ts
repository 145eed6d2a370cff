/** The newest version of the dated API that is no preview; the undated one (`/openai/v1`) needs none. */
const API_VERSION = '2024-10-21'

/**
 * Where Azure serves a model, which is a deployment there: below the resource's own address, below one that already names the deployment, or, in
 * the newer API (`…/openai/v1`), at one route for all.
 */
export function azureUrl(baseUrl: string, path: string, model: string, apiVersion: string | undefined): string {
  const base = baseUrl.replace(/\/+$/, '').replace(/\/chat\/completions$/, '')
  const version = (used: string | undefined) => (used === undefined ? '' : `?api-version=${encodeURIComponent(used)}`)
  if (/\/openai\/v1$/.test(base)) return base + path + version(apiVersion)
  const dated = version(apiVersion ?? API_VERSION)
  if (/\/deployments\/[^/]+$/.test(base)) return base + path + dated
  return `${base.replace(/\/openai$/, '')}/openai/deployments/${encodeURIComponent(model)}${path}${dated}`
}
