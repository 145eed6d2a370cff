/** The wire formats there are, by the name used in extensions, seals and records. */
export type DialectId = 'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini' | 'cohere' | 'jetbrains'
