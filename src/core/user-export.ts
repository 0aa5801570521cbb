// Users as files, in the columns that an import takes again. Nothing in them is more than a word: an address and an external id have no comma,
// quote, space, bracket or "!", so that a cell needs no quotes, and what a spreadsheet takes for a formula calls nothing.
import type { User } from './model.ts'
import { iso } from './span.ts'

type Cell = string | number | null

const COLUMNS: readonly (readonly [string, (user: User) => Cell])[] = [
  ['id', ({ id }) => id],
  ['email', ({ email }) => email],
  ['external_id', ({ externalId }) => externalId],
  ['status', ({ status }) => status],
  ['created_at', ({ createdAt }) => iso(createdAt)],
  ['confirmed_at', ({ confirmedAt }) => confirmedAt && iso(confirmedAt)],
  ['sign_in_count', ({ signInCount }) => signInCount],
  ['last_sign_in_at', ({ currentSignInAt }) => currentSignInAt && iso(currentSignInAt)],
]

export interface UserFormat {
  /** What stands before the first user. */
  readonly head: string
  readonly line: (user: User) => string
}

export const userFormats: Readonly<Record<'csv' | 'jsonl', UserFormat>> = {
  csv: {
    head: `${COLUMNS.map(([name]) => name).join(',')}\r\n`,
    line: (user) => `${COLUMNS.map(([, cell]) => cell(user) ?? '').join(',')}\r\n`,
  },
  jsonl: {
    head: '',
    line: (user) => `${JSON.stringify(Object.fromEntries(COLUMNS.map(([name, cell]) => [name, cell(user)])))}\n`,
  },
}
