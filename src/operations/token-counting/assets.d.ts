// Imported `with { type: 'file' }`, these modules are the paths of files: of the package's own, or of the copies inside a compiled binary.
declare module 'gpt-tokenizer/data/o200k_base.tiktoken' {
  const path: string
  // biome-ignore lint/style/noDefaultExport: what a file import is
  export default path
}

declare module 'gpt-tokenizer/data/cl100k_base.tiktoken' {
  const path: string
  // biome-ignore lint/style/noDefaultExport: what a file import is
  export default path
}
