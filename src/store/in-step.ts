// Operations of one PostgreSQL transaction, run side by side over one connection.
import type pg from 'pg'
import { speak } from './fragments.ts'
import { arrayText, mergedText, type ParamType, ROW } from './merge.ts'
import type { Operation, Row, Statement, Value } from './operation.ts'
import { byTenant, type Way } from './way.ts'

export interface Within<T> {
  readonly tenant: string
  readonly operation: Operation<T>
}

/**
 * Runs operations side by side. A round goes as far as each can go without an answer, then sends what they have to say, tenant by tenant:
 * first what nobody waits for, in each operation's own order, then the questions; those of one tenant and text as one.
 *
 * @param later takes what nobody waits for, to be heard with the commit; without it everything is heard before this resolves.
 */
export async function inStep<T>(way: Way, runs: readonly Within<T>[], later?: Promise<pg.QueryResult>[]): Promise<T[]> {
  const unheard = later ?? []
  const operations = runs.map(({ operation }) => operation)
  const tenants = byTenant(runs.map(({ tenant }, index) => ({ tenant, index })))
  const steps = operations.map((operation) => operation.next())
  for (;;) {
    // All of it before any of it is sent: what throws leaves nothing half sent.
    const shares = tenants.map(([tenant, own]) => ({ tenant, ...spoken(own, operations, steps) }))
    const asked: { readonly group: readonly number[]; readonly answer: Promise<pg.QueryResult> }[] = []
    for (const { tenant, quiet, questions } of shares) {
      for (const { query } of quiet) unheard.push(unheardYet(way.send(tenant, query)))
      for (const { query, group } of questions) asked.push({ group, answer: way.send(tenant, query) })
    }
    const end = way.endRound()
    if (asked.length === 0) {
      if (later === undefined) await together([...unheard, end])
      return steps.map((step) => step.value as T)
    }
    const answers = await together([...asked.map(({ answer }) => answer), end])
    for (const [place, { group }] of asked.entries()) {
      const rows = shareOut(answers[place]?.rows ?? [], group.length)
      for (const [at, index] of group.entries()) steps[index] = (operations[index] as Operation<T>).next(rows[at] as Row[])
    }
  }
}

/** What some of the operations say until they need an answer. */
function spoken<T>(
  some: readonly { readonly index: number }[],
  operations: readonly Operation<T>[],
  steps: IteratorResult<Statement, T>[],
): { readonly quiet: readonly Sent[]; readonly questions: readonly Sent[] } {
  const layers: Map<number, Statement>[] = []
  const questions = new Map<number, Statement>()
  for (const { index } of some) {
    let step = steps[index] as IteratorResult<Statement, T>
    for (let depth = 0; !step.done && step.value.quiet; depth++) {
      layers[depth] ??= new Map()
      layers[depth]?.set(index, step.value)
      step = (operations[index] as Operation<T>).next([])
    }
    steps[index] = step
    if (!step.done) questions.set(index, step.value)
  }
  return { quiet: layers.flatMap(sentences), questions: sentences(questions) }
}

/** It may fail before anybody asks; who asks hears of it. */
function unheardYet<T>(query: Promise<T>): Promise<T> {
  query.catch(() => {})
  return query
}

interface Sent {
  readonly query: pg.QueryConfig
  /** Which operations it is for. */
  readonly group: readonly number[]
}

/** The statements of many operations, those of one text as one. */
function sentences(statements: ReadonlyMap<number, Statement>): Sent[] {
  const groups = new Map<string, number[]>()
  for (const [index, { sql }] of statements) {
    const group = groups.get(sql)
    if (group === undefined) groups.set(sql, [index])
    else group.push(index)
  }
  const paramsOf = (index: number): readonly Value[] => (statements.get(index) as Statement).params
  return [...groups].flatMap(([sql, group]) => oneOrEach(sql, group, paramsOf))
}

function oneOrEach(sql: string, group: readonly number[], paramsOf: (index: number) => readonly Value[]): Sent[] {
  const [first] = group as [number]
  if (group.length > 1) {
    const columns = paramsOf(first).map((_, at) => group.map((index) => paramsOf(index)[at] as Value))
    const types = columns.map((values): ParamType => (values.some((value) => typeof value === 'number') ? 'bigint' : 'text'))
    const merged = prepared(`${sql}\0${types.join()}`, () => mergedText(speak('postgres', sql), types))
    if (merged !== null) return [{ query: { ...merged, values: columns.map(arrayText) }, group }]
  }
  const single = prepared(sql, () => numbered(speak('postgres', sql)))
  return group.map((index) => ({ query: { ...single, values: paramsOf(index) as unknown[] } as pg.QueryConfig, group: [index] }))
}

/** Of merged statements each gets its own rows, in the order in which they came. */
function shareOut(rows: readonly (Row & { readonly [ROW]?: number })[], count: number): readonly (readonly Row[])[] {
  if (count === 1) return [rows]
  const shares: Row[][] = Array.from({ length: count }, () => [])
  for (const { [ROW]: row, ...rest } of rows) shares[(row as number) - 1]?.push(rest)
  return shares
}

/** All, or the first error once none is on its way any more: a connection is not given back with answers to come. */
export async function together(queries: readonly (Promise<pg.QueryResult> | Promise<null> | null)[]): Promise<(pg.QueryResult | null)[]> {
  const settled = await Promise.allSettled(queries)
  // The first is the cause; those behind it in the pipeline only say that the transaction is broken.
  for (const one of settled) if (one.status === 'rejected') throw one.reason
  return settled.map((one) => (one as PromiseFulfilledResult<pg.QueryResult | null>).value)
}

const texts = new Map<string, { readonly name: string; readonly text: string } | null>()

/** Prepared once a connection, by name. */
function prepared(key: string, textOf: () => string | null): { readonly name: string; readonly text: string } | null {
  let known = texts.get(key)
  if (known === undefined) {
    const text = textOf()
    known = text === null ? null : { name: `postkey_${texts.size}`, text }
    texts.set(key, known)
  }
  return known
}

function numbered(sql: string): string {
  let count = 0
  return sql.replace(/\?/g, () => `$${++count}`)
}
