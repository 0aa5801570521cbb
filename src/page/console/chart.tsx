// Charts, drawn on the server as SVG: what d3 works out, in elements of ours. Places are percentages, so that a chart is as wide as its
// page and its words keep their size. Nobody has to see a chart: its table stands behind it.
import { scaleBand, scaleLinear, scaleLog } from 'd3-scale'
import { area, curveStepAfter, line } from 'd3-shape'
import type { Child } from 'hono/jsx'
import { span } from '../../core/span.ts'

export interface Bar {
  readonly label: string
  readonly count: number
  /** Beside the count, such as its share. */
  readonly note: string
}

/** How many came how far: bars of one measure, the longest first. */
export function Bars({ label, bars }: { label: string; bars: readonly Bar[] }) {
  const rowHeight = 46
  const most = Math.max(1, ...bars.map(({ count }) => count))
  const x = scaleLinear().domain([0, most]).range([0, 100])
  const y = scaleBand<number>()
    .domain(bars.map((_, index) => index))
    .range([0, bars.length * rowHeight])
  return (
    <svg class="chart" role="img" aria-label={label} width="100%" height={bars.length * rowHeight} focusable="false">
      {bars.map(({ label: name, count, note }, index) => {
        const top = y(index) ?? 0
        return (
          <g>
            <text x="0" y={top + 14}>
              {name}
            </text>
            <text x="100%" y={top + 14} text-anchor="end" class="figure">
              {`${count.toLocaleString('en')} · ${note}`}
            </text>
            <rect class="track" x="0" y={top + 22} width="100%" height="10" rx="2" />
            {count > 0 && <rect class="bar" x="0" y={top + 22} width={`${x(count)}%`} height="10" rx="2" />}
          </g>
        )
      })}
    </svg>
  )
}

export interface Curve {
  readonly label: string
  /** Seconds, and how many took so long. */
  readonly seconds: readonly (readonly [number, number])[]
  /** Seconds after which something ends: a line across. */
  readonly end?: number
}

/** No more than find room beside each other on a phone. */
const TICKS = [5, 15, 60, 300, 3_600]
const SHARES = [0.5, 0.9]
/** Of the width: so much room a time needs on a phone. */
const APART = 15
const PLOT = 150
const LEFT = 12

/** Which share had happened after how long; time by its logarithm, since seconds matter at its beginning and minutes at its end. */
export function Within({ label, seconds, end }: Curve) {
  const sorted = [...seconds].sort(([one], [other]) => one - other)
  const all = sorted.reduce((sum, [, count]) => sum + count, 0)
  const first = TICKS[0] as number
  const last = Math.max(TICKS.at(-1) as number, ...sorted.map(([at]) => at))
  const x = scaleLog().domain([first, last]).range([0, 100]).clamp(true)
  const y = scaleLinear().domain([0, 1]).range([PLOT, 0])
  const ticks: number[] = []
  for (const at of TICKS) if (at === first || x(at) - x(ticks.at(-1) as number) >= APART) ticks.push(at)
  let seen = 0
  // No finer than a line is wide: of thousands of seconds nobody sees each.
  const seenBy = new Map<number, readonly [number, number]>()
  for (const [at, count] of sorted) {
    seen += count
    seenBy.set(Math.round(4 * x(Math.max(at, first))), [at, seen / all])
  }
  const steps = [[first, 0] as const, ...seenBy.values(), [last, 1] as const]
  const place = { x: ([at]: readonly [number, number]) => x(Math.max(at, first)), y: ([, share]: readonly [number, number]) => y(share) }
  const above = line<readonly [number, number]>().x(place.x).y(place.y).curve(curveStepAfter)(steps)
  const under = area<readonly [number, number]>().x(place.x).y0(PLOT).y1(place.y).curve(curveStepAfter)(steps)
  return (
    <svg class="chart" role="img" aria-label={label} width="100%" height={PLOT + 26} focusable="false">
      {SHARES.map((share) => (
        <text x="0" y={y(share) + 4} class="figure">
          {`${share * 100} %`}
        </text>
      ))}
      <svg
        aria-hidden="true"
        x={`${LEFT}%`}
        y="0"
        width={`${100 - LEFT}%`}
        height={PLOT}
        viewBox={`0 0 100 ${PLOT}`}
        preserveAspectRatio="none"
      >
        {SHARES.map((share) => (
          <Rule path={`M0 ${y(share)}H100`} />
        ))}
        {ticks.map((at) => (
          <Rule path={`M${x(at)} 0V${PLOT}`} />
        ))}
        <path class="under" d={under ?? ''} />
        <path class="curve" d={above ?? ''} fill="none" vector-effect="non-scaling-stroke" />
        {end !== undefined && <End path={`M${x(end)} 0V${PLOT}`} />}
      </svg>
      {ticks.map((at, index) => (
        <text
          x={`${LEFT + (x(at) * (100 - LEFT)) / 100}%`}
          y={PLOT + 18}
          class="figure"
          text-anchor={index === 0 ? 'start' : at === last ? 'end' : 'middle'}
        >
          {short(at)}
        </text>
      ))}
    </svg>
  )
}

function Rule({ path }: { path: string }) {
  return <path class="grid" d={path} fill="none" vector-effect="non-scaling-stroke" />
}

function End({ path }: { path: string }) {
  return <path class="end" d={path} fill="none" vector-effect="non-scaling-stroke" />
}

export interface Strip {
  readonly label: string
  readonly note: string
  /** Seconds within which so many were there: half, 90 %, 99 %. */
  readonly within: readonly [half: number, most: number, all: number]
}

/** No more than find room beside each other on a phone; those that are beyond the data are left out. */
const STRIP_TICKS = [5, 60, 600, 3_600, 86_400]
const ROW = 46

/** How long some took, beside how long others did: from half of them to nine of ten, and on to 99 of 100; time by its logarithm. */
export function Strips({ label, strips, end }: { label: string; strips: readonly Strip[]; end: number }) {
  const first = STRIP_TICKS[0] as number
  const longest = Math.max(end, ...strips.map(({ within: [, , all] }) => all))
  const last = STRIP_TICKS.find((tick) => tick >= longest) ?? longest
  const x = scaleLog().domain([first, last]).range([0, 100]).clamp(true)
  const ticks = STRIP_TICKS.filter((tick) => tick <= last)
  const height = strips.length * ROW
  const place = (seconds: number): number => x(Math.max(seconds, first))
  const bar = (name: string, top: number, from: number, to: number) => (
    // What took equally long is seen all the same.
    <rect class={name} x={`${Math.min(place(from), 99)}%`} y={top + 22} width={`${Math.max(place(to) - place(from), 1)}%`} height="10" />
  )
  return (
    <svg class="chart" role="img" aria-label={label} width="100%" height={height + 22} focusable="false">
      {strips.map(({ label: name, note, within: [half, most, all] }, index) => {
        const top = index * ROW
        return (
          <g>
            <text x="0" y={top + 14}>
              {name}
            </text>
            <text x="100%" y={top + 14} text-anchor="end" class="figure">
              {note}
            </text>
            <rect class="track" x="0" y={top + 22} width="100%" height="10" rx="2" />
            {bar('reach', top, most, all)}
            {bar('bar', top, half, most)}
            <line class="end" x1={`${place(end)}%`} x2={`${place(end)}%`} y1={top + 19} y2={top + 35} />
          </g>
        )
      })}
      {ticks.map((at, index) => (
        <text
          x={`${x(at)}%`}
          y={height + 12}
          class="figure"
          text-anchor={index === 0 ? 'start' : index === ticks.length - 1 && at === last ? 'end' : 'middle'}
        >
          {short(at)}
        </text>
      ))}
    </svg>
  )
}

const short = (seconds: number): string => span(seconds * 1_000)

/** A chart, and what it says in words and numbers for whoever does not see it. */
export function Figure({ caption, chart, summary, children }: { caption: string; chart: Child; summary: string; children: Child }) {
  return (
    <figure>
      <figcaption>{caption}</figcaption>
      {chart}
      <details>
        <summary>{summary}</summary>
        {children}
      </details>
    </figure>
  )
}
