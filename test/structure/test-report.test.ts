import { describe, expect, test } from 'bun:test'
import { readTestReport } from '../../scripts/test-report.ts'

const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="6" assertions="3" failures="2" skipped="2" time="0.01">
  <testsuite name="test/a.test.ts" file="test/a.test.ts" tests="5" assertions="3" failures="2" skipped="1" time="0.01" hostname="here">
    <testcase name="keeps &lt;&amp;&quot;&gt; and &apos;&#10;&#x41;" classname="" time="0" file="test/a.test.ts" line="2" assertions="1" />
    <testcase name="a > b /> c" classname="" time="0" file="test/a.test.ts" line="3" assertions="1">
      <failure type="AssertionError" message="expected&#10;">&lt;skipped /&gt;</failure>
    </testcase>
    <testcase name="off" classname="" time="0" file="test/a.test.ts" line="4" assertions="0">
      <skipped />
    </testcase>
    <testsuite name="group" file="test/a.test.ts" line="6" tests="1" assertions="0" failures="1" skipped="0" time="0" hostname="here">
      <testcase name="(unnamed)" classname="group" time="0" file="test/a.test.ts" assertions="0">
        <failure type="Error" message="beforeAll">Error: beforeAll</failure>
      </testcase>
    </testsuite>
  </testsuite>
  <testsuite name="test/b.test.ts" file="test/b.test.ts" tests="1" assertions="0" failures="0" skipped="1" time="0" hostname="here">
    <testcase name="later &lt;1&gt;" classname="the group" time="0" file="test/b.test.ts" line="5" assertions="0">
      <skipped message="later" />
    </testcase>
  </testsuite>
</testsuites>
`

describe('the report of a test run', () => {
  test('is counted test by test', () => {
    expect(readTestReport(report)).toEqual({
      passed: 1,
      failed: 2,
      skipped: [
        { file: 'test/a.test.ts', name: 'off' },
        { file: 'test/b.test.ts', name: 'the group > later <1>' },
      ],
      files: ['test/a.test.ts', 'test/b.test.ts'],
    })
  })

  test('is refused when it is cut off', () => {
    expect(() => readTestReport(report.slice(0, -20))).toThrow('cut off')
    expect(() => readTestReport('')).toThrow('cut off')
  })
})
