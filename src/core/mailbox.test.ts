import { describe, expect, test } from 'vitest'
import { domainOf, type MailboxClass, mailboxClass } from './mailbox.ts'

describe('mailboxClass', () => {
  test.each<[string, readonly (readonly [number, string])[], MailboxClass]>([
    [
      'Gmail',
      [
        [5, 'gmail-smtp-in.l.google.com'],
        [10, 'alt1.gmail-smtp-in.l.google.com'],
      ],
      'google',
    ],
    [
      'a domain at Google, as of old',
      [
        [1, 'ASPMX.L.GOOGLE.COM.'],
        [10, 'aspmx2.googlemail.com'],
      ],
      'google',
    ],
    ['a domain at Google, as of 2023', [[1, 'smtp.google.com']], 'google'],
    ['a domain at Microsoft', [[0, 'contoso-com.mail.protection.outlook.com']], 'microsoft'],
    ['a domain at Microsoft with DNSSEC', [[0, 'contoso-com.o-v1.mx.microsoft']], 'microsoft'],
    ['Outlook.com itself', [[2, 'outlook-com.olc.protection.outlook.com']], 'microsoft'],
    ['a public office of the United States', [[0, 'agency-gov.mail.protection.office365.us']], 'microsoft'],
    [
      'Proofpoint',
      [
        [10, 'mxa-00123456.gslb.pphosted.com'],
        [10, 'mxb-00123456.gslb.pphosted.com'],
      ],
      'proofpoint',
    ],
    ['Proofpoint Essentials', [[10, 'mx1-us1.ppe-hosted.com']], 'proofpoint'],
    ['Mimecast', [[10, 'eu-smtp-inbound-1.mimecast.com']], 'mimecast'],
    ['Mimecast in South Africa', [[10, 'za-smtp-inbound-1.mimecast.co.za']], 'mimecast'],
    ['Barracuda', [[10, 'd12345a.ess.barracudanetworks.com']], 'barracuda'],
    [
      'a filter in front, the mailboxes as a spare',
      [
        [20, 'contoso-com.mail.protection.outlook.com'],
        [10, 'mx1.pphosted.com'],
      ],
      'proofpoint',
    ],
    [
      'own servers in front, a provider as a spare',
      [
        [10, 'mx1.example.com'],
        [20, 'aspmx.l.google.com'],
      ],
      'other',
    ],
    [
      'own servers and a provider side by side',
      [
        [10, 'mx1.example.com'],
        [10, 'aspmx.l.google.com'],
      ],
      'google',
    ],
    ['own servers', [[10, 'mx1.example.com']], 'other'],
    [
      'a name that only ends alike',
      [
        [10, 'mx.notgoogle.com'],
        [10, 'outlook.com.example.net'],
      ],
      'other',
    ],
    ['no mail at all (RFC 7505)', [[0, '']], 'other'],
    ['no MX', [], 'other'],
  ])('%s', (_, hosts, expected) => {
    expect(mailboxClass(hosts.map(([priority, exchange]) => ({ priority, exchange })))).toBe(expected)
  })
})

test.each([
  ['j•••@example.com', 'example.com'],
  ['•••@b.example', 'b.example'],
  ['jane@example.com', 'example.com'],
  ['dGhpcyBpcyBhIGhhc2g', null],
  ['', null],
  ['j•••@', null],
])('the domain of %j is %j', (address, domain) => {
  expect(domainOf(address)).toBe(domain)
})
