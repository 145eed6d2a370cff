/** How each system opens an address in the browser that its user has chosen. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** Asks the system to show `url`. Where it cannot, nothing happens: the address is printed, too. */
export function openBrowser(url: string): void {
  const opener = OPENERS[process.platform] ?? ['xdg-open']
  try {
    Bun.spawn([...opener, url], { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore', detached: true }).unref()
  } catch {
    // There is no such program here.
  }
}
