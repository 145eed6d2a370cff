/** What one `bun test` run did. */
export interface TestReport {
  passed: number
  failed: number
  skipped: SkippedTest[]
  /** The test files that ran. */
  files: string[]
}

export interface SkippedTest {
  file: string
  /** The test's name, its groups before it. */
  name: string
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

const decode = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (whole, decimal, hex, name) => {
    if (name) return ENTITIES[name] ?? whole
    return String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16))
  })

function attribute(tag: string, name: string): string {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
  if (value === undefined) throw new Error(`the test report has no "${name}" in ${tag.slice(0, 100)}`)
  return decode(value)
}

/** Reads the JUnit report of `bun test`. @throws Error when it is not one. */
export function readTestReport(xml: string): TestReport {
  if (!xml.trimEnd().endsWith('</testsuites>')) throw new Error('the test report is cut off')
  const report: TestReport = { passed: 0, failed: 0, skipped: [], files: [] }
  const files = new Set<string>()
  for (const [, tag = '', body = ''] of xml.matchAll(/<testcase(\s(?:[^>"]|"[^"]*")*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const file = attribute(tag, 'file')
    files.add(file)
    if (/<(?:failure|error)[\s/>]/.test(body)) report.failed++
    else if (/<skipped[\s/>]/.test(body)) report.skipped.push({ file, name: fullName(tag) })
    else report.passed++
  }
  report.files = [...files]
  return report
}

function fullName(tag: string): string {
  const group = attribute(tag, 'classname')
  return group ? `${group} > ${attribute(tag, 'name')}` : attribute(tag, 'name')
}
