const ELF_MACHINES: Readonly<Record<number, string>> = { 62: 'x86-64', 183: 'arm64' }
const MACH_O_MACHINES: Readonly<Record<number, string>> = { 16777223: 'x86-64', 16777228: 'arm64' }
const PE_MACHINES: Readonly<Record<number, string>> = { 34404: 'x86-64', 43620: 'arm64' }

const PT_INTERP = 3
const LC_CODE_SIGNATURE = 0x1d

const hex = (value: number): string => `machine 0x${value.toString(16)}`

/** The machine and the loader that it asks for (glibc's or musl's). Field offsets are those of the 64-bit little-endian ELF header. */
function readElf(file: Buffer): string {
  const machine = file.readUInt16LE(18)
  const table = Number(file.readBigUInt64LE(32))
  const [size, count] = [file.readUInt16LE(54), file.readUInt16LE(56)]
  for (let index = 0; index < count; index++) {
    const at = table + index * size
    if (file.readUInt32LE(at) !== PT_INTERP) continue
    const from = Number(file.readBigUInt64LE(at + 8))
    const loader = file.toString('latin1', from, from + Number(file.readBigUInt64LE(at + 32)) - 1)
    return `ELF ${ELF_MACHINES[machine] ?? hex(machine)}, ${loader}`
  }
  return `ELF ${ELF_MACHINES[machine] ?? hex(machine)}, no loader`
}

/** The machine, and whether there is a signature: without one an arm64 Mac ends the program at once. */
function readMachO(file: Buffer): string {
  const machine = file.readUInt32LE(4)
  const count = file.readUInt32LE(16)
  let signed = false
  for (let index = 0, at = 32; index < count; index++, at += file.readUInt32LE(at + 4)) {
    if (file.readUInt32LE(at) === LC_CODE_SIGNATURE) signed = true
  }
  return `Mach-O ${MACH_O_MACHINES[machine] ?? hex(machine)}, ${signed ? 'signed' : 'not signed'}`
}

function readPe(file: Buffer): string {
  const at = file.readUInt32LE(0x3c)
  if (file.toString('latin1', at, at + 4) !== 'PE\0\0') return 'DOS'
  const machine = file.readUInt16LE(at + 4)
  return `PE ${PE_MACHINES[machine] ?? hex(machine)}`
}

/** What an executable is for, from the beginning of its file (64 KB are plenty); `unknown` where it is none that we build. */
export function readExecutable(file: Buffer): string {
  try {
    if (file.readUInt32BE(0) === 0x7f454c46) return readElf(file)
    if (file.readUInt32LE(0) === 0xfeedfacf) return readMachO(file)
    if (file.toString('latin1', 0, 2) === 'MZ') return readPe(file)
  } catch (error) {
    // Offsets that lead out of what is there: a file cut short.
    if (!(error instanceof RangeError)) throw error
  }
  return 'unknown'
}
