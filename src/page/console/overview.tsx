// The first page of the console: find somebody, see how many of those who ask get in, and whether mail goes out.

import { NO_PART, type Split, splits } from '../../core/funnel.ts'
import { type FunnelNumber, OTHER_PARTS, unseen } from '../../core/funnel-numbers.ts'
import { percentile } from '../../core/funnel-totals.ts'
import { paths } from '../../core/paths.ts'
import { span } from '../../core/span.ts'
import { fill, words } from '../fill.tsx'
import { Summary } from '../problem.tsx'
import type { Frame } from '../view.ts'
import { Bars, Figure, Within } from './chart.tsx'
import { bounded, Choice, deskPage, Search, When } from './desk.tsx'
import { type CountedView, type Desk, type FunnelView, type OverviewView, type Window, windows } from './view.ts'

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
  const { window, by, read } = funnel
  const address = (of: Window, split: Split | null): string =>
    `${frame.basePath}${paths.console}?of=${of}${split === null ? '' : `&by=${split}`}#numbers`
  return (
    <section aria-labelledby="numbers">
      <h2 id="numbers">{w.numbers}</h2>
      <Choice
        words={w.window}
        options={windows.map((name) => ({ name: w.windows[name], to: address(name, by), chosen: name === window }))}
      />
      <Choice
        words={w.by}
        options={[null, ...splits].map((name) => ({ name: w.splits[name ?? 'nothing'], to: address(window, name), chosen: name === by }))}
      />
      {'looked' in read ? <p class="hint">{w.underWay(read.looked)}</p> : <Counted frame={frame} by={by} read={read} />}
    </section>
  )
}

function Counted({ frame, by, read }: { frame: Frame; by: Split | null; read: CountedView }) {
  const w = words(frame).console.overview
  const { counted, since, at, cut } = read
  return (
    <>
      {read.flows.requested === 0 ? (
        <p class="hint">{w.nothing}</p>
      ) : (
        <>
          <Stages frame={frame} flows={read.flows} />
          {read.toVerify.length > 0 && <Times frame={frame} seconds={read.toVerify} />}
          {by !== null && read.parts !== null && <Parts frame={frame} by={by} parts={read.parts} />}
          <Figures frame={frame} caption={w.figures} numbers={read.numbers} />
          <p>
            <a href={`${frame.basePath}${paths.consoleCalibrate}`}>{w.lives}</a>
          </p>
        </>
      )}
      <p class="hint">
        {fill(cut ? w.cut(counted) : w.counted(counted), { when: <When frame={frame} at={since} />, at: <When frame={frame} at={at} /> })}
      </p>
      <p class="hint">
        {w.noPixel} {w.guess} {unseen.join(' ')}
      </p>
    </>
  )
}

const stages = ['requested', 'accepted', 'seen', 'verified'] as const

function Stages({ frame, flows }: { frame: Frame; flows: CountedView['flows'] }) {
  const w = words(frame).console.overview
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

function Times({ frame, seconds }: { frame: Frame; seconds: CountedView['toVerify'] }) {
  const w = words(frame).console.overview
  const counts = new Map(seconds)
  const within = (share: number): string => span((percentile(counts, share) ?? 0) * 1_000)
  return (
    <Figure
      caption={w.curveCaption}
      chart={<Within label={w.curveChart(within(0.5), within(0.9))} seconds={seconds} />}
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

type PartView = NonNullable<CountedView['parts']>[number]

/** What has no mail was asked by nobody: it stands below the chart, with what was sent in. */
function Parts({ frame, by, parts }: { frame: Frame; by: Split; parts: readonly PartView[] }) {
  const w = words(frame).console.overview
  const asked = parts.filter(({ flows }) => flows.requested > 0)
  const bars = asked.map(({ name, flows }) => ({
    label: nameOf(frame, by, name),
    count: flows.requested,
    note: w.gotIn(percent(flows.verified / flows.requested)),
  }))
  const said = bars.map(({ label, count, note }) => `${label} ${count}, ${note}`).join('; ')
  return (
    <>
      <Figure caption={w.partsCaption[by]} chart={<Bars label={w.stagesChart(said)} bars={bars} />} summary={w.asTable}>
        <table>
          <thead>
            <tr>
              <th scope="col">{w.splits[by]}</th>
              <th scope="col" class="number">
                {w.stages.requested}
              </th>
              <th scope="col" class="number">
                {w.stages.verified}
              </th>
            </tr>
          </thead>
          <tbody>
            {asked.map(({ name, flows }) => (
              <tr>
                <th scope="row">{nameOf(frame, by, name)}</th>
                <td class="number">{words(frame).console.number(flows.requested)}</td>
                <td class="number">{words(frame).console.number(flows.verified)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Figure>
      {parts.map(({ name, numbers }) => (
        <details class="part">
          <summary>
            {nameOf(frame, by, name)} {numbers.some(({ warned }) => warned) && <span class="tag stop">{w.warned}</span>}
          </summary>
          <Figures frame={frame} caption={w.figuresOf(nameOf(frame, by, name))} numbers={numbers.filter(({ of }) => of > 0)} />
        </details>
      ))}
    </>
  )
}

function nameOf(frame: Frame, by: Split, name: string): string {
  const w = words(frame).console
  if (name === OTHER_PARTS) return w.overview.otherParts
  if (name === NO_PART) return by === 'method' ? w.overview.noProof : w.overview.noMail
  if (by === 'mailbox') return w.mailbox(name)
  if (by === 'policy') return name
  return by === 'method' ? w.overview.proof(name) : w.overview.device(name)
}

function Figures({ frame, caption, numbers }: { frame: Frame; caption: string; numbers: readonly FunnelNumber[] }) {
  const w = words(frame).console.overview
  return (
    <table>
      <caption>{caption}</caption>
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
  if (unit === 'share') return percent(value)
  if (unit === 'seconds') return span(value * 1_000)
  return unit === 'times' ? `×${value.toFixed(1)}` : value.toFixed(2)
}

/** "81 %", and tenths where there is little of it. */
function percent(share: number): string {
  const hundredths = share * 100
  return `${hundredths > 0 && hundredths < 10 ? hundredths.toFixed(1) : Math.round(hundredths)} %`
}
