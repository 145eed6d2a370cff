// Imported `with { type: 'file' }`, these modules are the paths of files: of the package's own, or of the copies inside a compiled binary.
declare module 'swagger-ui-dist/swagger-ui-bundle.js' {
  const path: string
  // biome-ignore lint/style/noDefaultExport: what a file import is
  export default path
}

declare module 'swagger-ui-dist/swagger-ui.css' {
  const path: string
  // biome-ignore lint/style/noDefaultExport: what a file import is
  export default path
}
