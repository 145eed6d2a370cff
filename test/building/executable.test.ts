import { describe, expect, test } from 'bun:test'
import { readExecutable } from '../../scripts/building/executable.ts'
import { TARGETS } from '../../scripts/building/targets.ts'

const start = async (path: string): Promise<Buffer> => Buffer.from(await Bun.file(path).slice(0, 65_536).arrayBuffer())

/** An ELF file of one program header that names its loader. */
function elf(machine: number, loader: string): Buffer {
  const file = Buffer.alloc(256)
  file.writeUInt32BE(0x7f454c46, 0)
  file.writeUInt16LE(machine, 18)
  file.writeBigUInt64LE(64n, 32)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(1, 56)
  file.writeUInt32LE(3, 64)
  file.writeBigUInt64LE(120n, 72)
  file.writeBigUInt64LE(BigInt(loader.length + 1), 96)
  file.write(`${loader}\0`, 120, 'latin1')
  return file
}

/** A Mach-O file of the load commands given, each of 16 bytes. */
function machO(machine: number, ...commands: number[]): Buffer {
  const file = Buffer.alloc(256)
  file.writeUInt32LE(0xfeedfacf, 0)
  file.writeUInt32LE(machine, 4)
  file.writeUInt32LE(commands.length, 16)
  for (const [index, command] of commands.entries()) {
    file.writeUInt32LE(command, 32 + index * 16)
    file.writeUInt32LE(16, 36 + index * 16)
  }
  return file
}

function pe(machine: number): Buffer {
  const file = Buffer.alloc(256)
  file.write('MZ', 0, 'latin1')
  file.writeUInt32LE(128, 0x3c)
  file.write('PE\0\0', 128, 'latin1')
  file.writeUInt16LE(machine, 132)
  return file
}

describe('readExecutable', () => {
  test.each([
    ['glibc on x64', elf(0x3e, '/lib64/ld-linux-x86-64.so.2'), 'linux-x64'],
    ['musl on x64', elf(0x3e, '/lib/ld-musl-x86_64.so.1'), 'linux-x64-musl'],
    ['glibc on arm64', elf(0xb7, '/lib/ld-linux-aarch64.so.1'), 'linux-arm64'],
    ['musl on arm64', elf(0xb7, '/lib/ld-musl-aarch64.so.1'), 'linux-arm64-musl'],
    ['an arm64 Mac', machO(0x0100000c, 0x19, 0x1d), 'darwin-arm64'],
    ['an Intel Mac', machO(0x01000007, 0x1d), 'darwin-x64'],
    ['Windows', pe(0x8664), 'windows-x64'],
  ])('knows %s', (_, file, name) => {
    expect(TARGETS.find(target => target.header === readExecutable(file))?.name).toBe(name)
  })

  test('tells an unsigned Mach-O file and an unknown machine', () => {
    expect(readExecutable(machO(0x0100000c, 0x19))).toBe('Mach-O arm64, not signed')
    expect(readExecutable(pe(0x14c))).toBe('PE machine 0x14c')
  })

  test.each([
    ['a script', Buffer.from('#!/bin/sh\n')],
    ['nothing', Buffer.alloc(0)],
    ['a file cut short', elf(0x3e, '/lib/ld').subarray(0, 60)],
  ])('makes nothing of %s', (_, file) => {
    expect(readExecutable(file)).toBe('unknown')
  })

  test.skipIf(process.platform === 'win32')(
    'finds in the program that runs this test what a build for this machine must have',
    async () => {
      const machine = `${process.platform}-${process.arch}`
      const headers = TARGETS.filter(({ name }) => name === machine || name === `${machine}-musl`).map(({ header }) => header)
      expect(headers).toContain(readExecutable(await start(process.execPath)))
      if (process.env.DRAGOMAN_BINARY) expect(headers).toContain(readExecutable(await start(process.env.DRAGOMAN_BINARY)))
    },
  )
})
