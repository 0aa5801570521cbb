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
}

/** No more than find room beside each other on a phone. */
const TICKS = [5, 15, 60, 300, 3_600]
const SHARES = [0.5, 0.9]
const PLOT = 150
const LEFT = 12

/** Which share had happened after how long; time by its logarithm, since seconds matter at its beginning and minutes at its end. */
export function Within({ label, seconds }: Curve) {
  const sorted = [...seconds].sort(([one], [other]) => one - other)
  const all = sorted.reduce((sum, [, count]) => sum + count, 0)
  const first = TICKS[0] as number
  const last = Math.max(TICKS.at(-1) as number, ...sorted.map(([at]) => at))
  const x = scaleLog().domain([first, last]).range([0, 100]).clamp(true)
  const y = scaleLinear().domain([0, 1]).range([PLOT, 0])
  let seen = 0
  const steps = [
    [first, 0] as const,
    ...sorted.map(([at, count]) => {
      seen += count
      return [at, seen / all] as const
    }),
    [last, 1] as const,
  ]
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
        {TICKS.map((at) => (
          <Rule path={`M${x(at)} 0V${PLOT}`} />
        ))}
        <path class="under" d={under ?? ''} />
        <path class="curve" d={above ?? ''} fill="none" vector-effect="non-scaling-stroke" />
      </svg>
      {TICKS.map((at, index) => (
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
