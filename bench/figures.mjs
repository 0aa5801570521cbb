// Figures out of measurements, and how they are written. Every ratio is made within one round, between measurements that are
// seconds apart; the median of the rounds is shown.
import { cpus, totalmem } from 'node:os'
import { median } from './process.mjs'

export const perSecond = (row) => row.perSecond
export const cpuEach = (row) => row.cpuEach
export const took = (what, quantile) => (row) => row.times[what][quantile]

/** The rounds of one server on one engine; empty when it was left out. */
export function select(measured, engine, name, scenario, connections = 64) {
  return measured.filter(
    (row) => row.engine === engine && row.name === name && row.scenario === scenario && row.connections === connections,
  )
}

export const value = (rows, pick) => median(rows.map(pick).filter((figure) => Number.isFinite(figure)))

/** `rows` against `base`, round by round. */
export function ratio(rows, base, pick) {
  return median(rows.map((row, round) => (base[round] ? pick(row) / pick(base[round]) : null)).filter((figure) => Number.isFinite(figure)))
}

export function machine() {
  const [cpu] = cpus()
  return `Node ${process.versions.node}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GB`
}

export const today = () => new Date().toISOString().slice(0, 10)

const shown = (format) => (figure) => (figure === null || !Number.isFinite(figure) ? '–' : format(figure))
export const whole = shown((number) => Math.round(number).toLocaleString('en'))
export const times = shown((number) => (number < 9.95 ? number.toFixed(2) : number.toFixed(0)))
export const ms = shown((number) => (number < 10 ? number.toFixed(1) : number.toFixed(0)))
export const percent = shown((part) => `${Math.round(part * 100)} %`)
export const megabytes = shown((bytes) => `${Math.round(bytes / 1e6)} MB`)

export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n')
}
