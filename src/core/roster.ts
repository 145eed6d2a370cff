/** Something that is on a roster for a while. */
export interface Member {
  /** Its place there; the roster's own. */
  place: number
}

/**
 * Who is there at present, where many come and go. A list in which the last takes the place of one that leaves: a `Set` is rebuilt again and again
 * under such a traffic, and keeps the collector of garbage busy with what has left.
 */
export class Roster<T extends Member> {
  readonly #members: T[] = []

  get size(): number {
    return this.#members.length
  }

  add(member: T): void {
    member.place = this.#members.length
    this.#members.push(member)
  }

  /** @returns whether it was there */
  delete(member: T): boolean {
    const { place } = member
    if (this.#members[place] !== member) return false
    const last = this.#members.pop() as T
    if (last !== member) {
      this.#members[place] = last
      last.place = place
    }
    return true
  }

  /** Sees each of those that are there now; they may leave meanwhile. */
  each(see: (member: T) => void): void {
    // From the end: who takes the place of one that leaves has been seen already.
    for (let place = this.#members.length - 1; place >= 0; place--) {
      const member = this.#members[place]
      if (member) see(member)
    }
  }
}
