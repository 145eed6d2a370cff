/** Chance as a dependency. `float()` is uniform in [0, 1). */
export interface Random {
  float(): number
}

export const systemRandom: Random = { float: () => Math.random() }
