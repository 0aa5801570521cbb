// `postkey preflight` as a program sees it.
import { postkey } from './cli.ts'

export interface Tried {
  readonly code: number
  readonly results: readonly { readonly id: string; readonly outcome: string; readonly evidence: string; readonly remedy?: string }[]
  readonly err: string
}

export async function preflight(argv: readonly string[], env: Readonly<Record<string, string>> = {}, folder = '.'): Promise<Tried> {
  const { code, out, err } = await postkey(['preflight', ...argv, '--json'], { env, folder })
  const { results = [] } = out.startsWith('{') ? (JSON.parse(out) as { results?: Tried['results'] }) : {}
  return { code, results, err }
}

/** Limits that no run of a test reaches. */
export const unlimited = (() => {
  const many = { count: 10_000, per: '1m' }
  return { network: many, networkWide: many, browser: many, tenant: many }
})()

export const outcomes = ({ results }: Tried): readonly string[] => results.map(({ id, outcome }) => `${id} ${outcome}`)
