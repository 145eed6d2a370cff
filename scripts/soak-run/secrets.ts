/** Secrets of a soak, which must turn up nowhere. */
export const CLIENT_KEY = 'sk-soak-client-7d1f0c2b9e8a4f6d'
export const ADMIN_KEY = 'sk-soak-admin-3c5e7a9b1d2f4e6c'
export const UPSTREAM_KEY = 'sk-soak-upstream-9f8e7d6c5b4a3f2e'
export const PROVIDER_HEADER = 'canary-of-a-provider-header-5e6f7'

/** What valid prompts say; it may turn up in answers, but not in logs or files. */
export const SAID = 'canary-of-a-prompt-2a3b4c'

export const SECRETS: Readonly<Record<string, string>> = {
  'the client key': CLIENT_KEY,
  'the admin key': ADMIN_KEY,
  "the upstream's key": UPSTREAM_KEY,
  "a provider's header": PROVIDER_HEADER,
}
