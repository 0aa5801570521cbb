// What an operator is told when an alarm is raised: which number, above what, and what to do. Nothing about any person.
import type { Finding, Rule } from '../core/alarms.ts'
import type { Brand, Ms } from '../core/model.ts'
import type { Message } from './message.ts'

export interface AlarmMail {
  readonly to: string
  readonly brand: Brand
  /** Public address of the server, so that whoever runs several knows which. */
  readonly origin: string
  readonly id: string
  readonly at: Ms
}

export function alarmMail({ rule, value }: Finding, { to, brand, origin, id, at }: AlarmMail): Message {
  const lines = [
    `${rule.words}: ${said(rule, value ?? 0)}. This alarm speaks above ${said(rule, rule.over)}.`,
    `What to do: ${rule.todo}.`,
    `Since ${new Date(at).toISOString()}, at ${origin}. The log says "alarm_ended" when it is over; another mail about it comes in an hour at the earliest.`,
  ]
  const domain = brand.mailFrom.slice(brand.mailFrom.lastIndexOf('@') + 1)
  return {
    to,
    from: { name: brand.name, address: brand.mailFrom },
    subject: `Postkey alarm: ${rule.id}`,
    text: `${lines.join('\n\n')}\n`,
    html: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Postkey alarm</title></head><body>${lines.map((line) => `<p>${escaped(line)}</p>`).join('')}</body></html>`,
    messageId: `<${id}@${domain}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    date: new Date(at),
  }
}

function said({ unit }: Rule, value: number): string {
  if (unit === 'share') return `${(value * 100).toFixed(1)} %`
  return unit === 'seconds' ? `${Math.round(value)} s` : String(value)
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
