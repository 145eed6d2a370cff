/** Keys that stand in examples and tutorials, in lower case: whoever tries them gets in. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(
  `
  0000 1234 12345 123456 12345678 123456789 1234567890 abc123 abcdef admin admin123 administrator anything api-key apikey
  bearer change-me change_me changeit changeme client-key default demo dummy dummy-key empty example fake fake-key foo
  foobar key letmein local master masterkey none not-needed null pass passw0rd password placeholder qwerty root
  root/123456 sample secret secret-key secretkey sk-1234 sk-12345 sk-123456 sk-1234567890 sk-abc sk-abc123 sk-admin sk-any
  sk-anything sk-client-key-1 sk-client-key-2 sk-default sk-dummy sk-example sk-fake sk-key sk-local sk-master sk-none
  sk-no-key-required sk-not-needed sk-placeholder sk-proxy sk-secret sk-test supersecret test test-key testing token
  undefined user
  `
    .trim()
    .split(/\s+/),
)

const PATTERNS = [
  /^(sk-)?(my|your|the|insert|enter|replace|put|add)([-_ ].*)?[-_ ](key|token|secret|password|here|me)([-_ ].*)?$/,
  /^(sk-)?(change|replace)[-_ ]?(me|this|it)\b/,
  /^(sk-)?(x+|\*+|\.+|_+|-+|0+|1+)$/,
  /^<.*>$|^\$?\{.*\}$|^%.*%$/,
  /…|\.\.\./,
]

/** Whether `key` is no secret at all: empty, or what examples show. */
export function isPlaceholder(key: string): boolean {
  const text = key.trim().toLowerCase()
  return text === '' || PLACEHOLDERS.has(text) || PATTERNS.some(pattern => pattern.test(text))
}
