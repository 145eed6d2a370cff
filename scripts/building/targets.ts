/** A platform that a release has an executable for. */
export interface Target {
  /** What `--target` takes. */
  name: string
  /** In `dist`. */
  file: string
  /** As Bun names it, in its packages and its targets. */
  platform: string
  compile: Bun.Build.CompileTarget
  /** What `readExecutable` must find in the file. */
  header: string
}

const GLIBC = { x64: 'ELF x86-64, /lib64/ld-linux-x86-64.so.2', arm64: 'ELF arm64, /lib/ld-linux-aarch64.so.1' }
const MUSL = { x64: 'ELF x86-64, /lib/ld-musl-x86_64.so.1', arm64: 'ELF arm64, /lib/ld-musl-aarch64.so.1' }

const PLATFORMS: readonly Omit<Target, 'file'>[] = [
  { name: 'linux-x64', platform: 'linux-x64', compile: 'bun-linux-x64', header: GLIBC.x64 },
  { name: 'linux-x64-musl', platform: 'linux-x64-musl', compile: 'bun-linux-x64-musl', header: MUSL.x64 },
  { name: 'linux-arm64', platform: 'linux-aarch64', compile: 'bun-linux-arm64', header: GLIBC.arm64 },
  { name: 'linux-arm64-musl', platform: 'linux-aarch64-musl', compile: 'bun-linux-arm64-musl', header: MUSL.arm64 },
  { name: 'darwin-arm64', platform: 'darwin-aarch64', compile: 'bun-darwin-arm64', header: 'Mach-O arm64, signed' },
  { name: 'darwin-x64', platform: 'darwin-x64', compile: 'bun-darwin-x64', header: 'Mach-O x86-64, signed' },
  { name: 'windows-x64', platform: 'windows-x64', compile: 'bun-windows-x64', header: 'PE x86-64' },
]

/** The x64 ones choose by the processor they find: Bun's packages for older ones ("baseline") hold the same files since 1.4. */
export const TARGETS: readonly Target[] = PLATFORMS.map(platform => ({
  ...platform,
  file: `dragoman-${platform.name}${platform.name.startsWith('windows') ? '.exe' : ''}`,
}))
