// The first page of the console: find somebody, see how many of those who ask get in, and whether mail goes out.

import { percentile } from '../../core/funnel.ts'
import type { FunnelNumber } from '../../core/funnel-numbers.ts'
import { paths } from '../../core/paths.ts'
import { span } from '../../core/span.ts'
import { fill, words } from '../fill.tsx'
import { Summary } from '../problem.tsx'
import type { Frame } from '../view.ts'
import { Bars, Figure, Within } from './chart.tsx'
import { bounded, deskPage, Search, When } from './desk.tsx'
import { type Desk, type FunnelView, type OverviewView, windows } from './view.ts'

export function overviewPage(frame: Frame, desk: Desk, view: OverviewView): string {
  const w = words(frame).console
  const { queue, problem } = view
  return deskPage(frame, desk, {
    title: w.overview.heading,
    error: problem !== undefined,
    url: problem === undefined ? undefined : `${frame.basePath}${paths.console}`,
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={null} />}
        {view.notice === 'erased' && (
          <p class="notice" role="status">
            {w.overview.erased}
          </p>
        )}
        <h1>{w.overview.heading}</h1>
        <p class="lead">{w.overview.lead}</p>
        <Search frame={frame} autofocus={problem === undefined} />
        <Numbers frame={frame} funnel={view.funnel} />
        <section aria-labelledby="mail">
          <h2 id="mail">{w.overview.mail}</h2>
          <p>
            {queue.unusableSince === null
              ? w.overview.usable
              : fill(w.overview.unusable, { time: <When frame={frame} at={queue.unusableSince} /> })}{' '}
            {queue.queued === 0 ? w.overview.noneWaiting : `${w.overview.waiting(bounded(frame, queue.queued, queue.countedMax))}.`}
          </p>
          <p>
            <a href={`${frame.basePath}${paths.consoleMails}`}>{w.overview.mailMore}</a>
          </p>
        </section>
      </>
    ),
  })
}

function Numbers({ frame, funnel }: { frame: Frame; funnel: FunnelView }) {
  const w = words(frame).console.overview
  return (
    <section aria-labelledby="numbers">
      <h2 id="numbers">{w.numbers}</h2>
      <p class="choice">
        {w.window}{' '}
        {windows.map((window) => (
          <a href={`${frame.basePath}${paths.console}?of=${window}#numbers`} aria-current={window === funnel.window ? 'true' : undefined}>
            {w.windows[window]}
          </a>
        ))}
      </p>
      {funnel.flows.requested === 0 ? (
        <p class="hint">{w.nothing}</p>
      ) : (
        <>
          <Stages frame={frame} funnel={funnel} />
          {funnel.toVerify.length > 0 && <Times frame={frame} funnel={funnel} />}
          <Figures frame={frame} numbers={funnel.numbers} />
        </>
      )}
      <p class="hint">
        {fill(funnel.whole ? w.counted(funnel.counted) : w.cut(funnel.counted), { when: <When frame={frame} at={funnel.since} /> })}{' '}
        {w.noPixel}
      </p>
    </section>
  )
}

const stages = ['requested', 'accepted', 'seen', 'verified'] as const

function Stages({ frame, funnel }: { frame: Frame; funnel: FunnelView }) {
  const w = words(frame).console.overview
  const { flows } = funnel
  const bars = stages.map((stage) => ({
    label: w.stages[stage],
    count: flows[stage],
    note: percent(flows[stage] / flows.requested),
  }))
  const said = bars.map(({ label, count, note }) => `${label} ${count}, ${note}`).join('; ')
  return (
    <Figure caption={w.stagesCaption} chart={<Bars label={w.stagesChart(said)} bars={bars} />} summary={w.asTable}>
      <table>
        <thead>
          <tr>
            <th scope="col">{w.stage}</th>
            <th scope="col" class="number">
              {w.number}
            </th>
            <th scope="col" class="number">
              {w.share}
            </th>
          </tr>
        </thead>
        <tbody>
          {bars.map(({ label, count, note }) => (
            <tr>
              <th scope="row">{label}</th>
              <td class="number">{words(frame).console.number(count)}</td>
              <td class="number">{note}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {flows.forShow > 0 && <p class="hint">{w.forShow(flows.forShow)}</p>}
    </Figure>
  )
}

const SHARES = [0.5, 0.75, 0.9, 0.95, 0.99]

function Times({ frame, funnel }: { frame: Frame; funnel: FunnelView }) {
  const w = words(frame).console.overview
  const counts = new Map(funnel.toVerify)
  const within = (share: number): string => span((percentile(counts, share) ?? 0) * 1_000)
  return (
    <Figure
      caption={w.curveCaption}
      chart={<Within label={w.curveChart(within(0.5), within(0.9))} seconds={funnel.toVerify} />}
      summary={w.asTable}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">{w.share}</th>
            <th scope="col" class="number">
              {w.within}
            </th>
          </tr>
        </thead>
        <tbody>
          {SHARES.map((share) => (
            <tr>
              <th scope="row">{percent(share)}</th>
              <td class="number">{within(share)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Figure>
  )
}

function Figures({ frame, numbers }: { frame: Frame; numbers: readonly FunnelNumber[] }) {
  const w = words(frame).console.overview
  return (
    <table>
      <caption>{w.figures}</caption>
      <thead>
        <tr>
          <th scope="col">{w.figure}</th>
          <th scope="col" class="number">
            {w.value}
          </th>
        </tr>
      </thead>
      <tbody>
        {numbers.map(({ words: name, unit, value, of, warn, warned }) => (
          <tr>
            <th scope="row">
              {name} {warned && <span class="tag stop">{w.warned}</span>}
              {warn !== null && (
                <span class="hint aside">
                  {w.warns(warn.when, told(unit, warn.than))}
                  {warned && `: ${warn.why}`}
                </span>
              )}
            </th>
            <td class="number">
              {value === null ? '–' : told(unit, value)} {value !== null && <span class="hint aside">{w.of(of)}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function told(unit: FunnelNumber['unit'], value: number): string {
  return unit === 'share' ? percent(value) : unit === 'seconds' ? span(value * 1_000) : value.toFixed(2)
}

/** "81 %", and tenths where there is little of it. */
function percent(share: number): string {
  const hundredths = share * 100
  return `${hundredths > 0 && hundredths < 10 ? hundredths.toFixed(1) : Math.round(hundredths)} %`
}
