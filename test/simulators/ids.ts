let serial = 0

/** An id no other simulator of this process gives out: `prefix` and `length` characters. */
export function newId(prefix: string, length: number): string {
  serial++
  return prefix + String(serial).padStart(length, '0')
}
