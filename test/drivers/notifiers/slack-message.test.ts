import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Notification } from '../../../src/model/notifier.js'
import { notificationEvents } from '../../../src/model/config.js'
import {
  escaped,
  slackLimits,
  slackMessage,
  type SlackBlock,
} from '../../../src/drivers/notifiers/slack-message.js'
import { failed } from '../../contract/notifier.contract.js'

test('a failure, whole', () => {
  expect(slackMessage(failed)).toEqual({
    text: '❌ shop was not deployed to production',
    blocks: [
      {
        type: 'header',
        text: { type: 'plain_text', text: '❌ shop was not deployed to production', emoji: true },
      },
      {
        type: 'section',
        fields: [
          { type: 'mrkdwn', text: '*web*\nv1.0.0 → v1.0.1 (undone)' },
          { type: 'mrkdwn', text: '*docs*\nnothing → v1.0.1' },
        ],
      },
      {
        type: 'section',
        text: {
          type: 'mrkdwn',
          text: 'the check "ready" failed on web: answered 500 &lt;db&gt; &amp; more\ndeployctl show 7f3a9c',
        },
      },
      {
        type: 'section',
        text: { type: 'mrkdwn', text: '```\nstarting\nFATAL could not reach db:5432\n```' },
      },
      {
        type: 'context',
        elements: [{ type: 'mrkdwn', text: 'by ada on build-1 · deployment 7f3a9c · took 32s' }],
      },
    ],
  })
})

test.each([
  ['apply', 'started', '🚀 shop is being deployed to production'],
  ['apply', 'succeeded', '✅ shop was deployed to production'],
  ['rollback', 'rolledBack', '⏪ shop was rolled back on production'],
  ['rollback', 'failed', '❌ shop was not rolled back on production'],
  ['apply', 'stuck', '🚨 shop on production is stuck: a person is needed'],
] as const)('%s %s', (command, event, headline) => {
  expect(slackMessage({ ...failed, command, event, failure: null }).text).toBe(headline)
})

test('of a long output the end is shown, and no fence is broken', () => {
  const details = Array.from({ length: 500 }, (_, index) => `line ${index} \`\`\` <x>`)
  const message = slackMessage({ ...failed, failure: { code: 'CHECK_FAILED', message: 'm', details } })
  const shown = JSON.stringify(message)
  expect(shown).toContain("line 499 ''' &lt;x&gt;")
  expect(shown).not.toContain('line 3 ')
  expect(shown.match(/```/g)).toHaveLength(2)
})

test('what is removed and what is stuck is said', () => {
  const services = [{ service: 'api', before: '1.4.2', after: null, outcome: 'stuck' }] as const
  expect(JSON.stringify(slackMessage({ ...failed, services }))).toContain('v1.4.2 → removed (stuck)')
})

describe('whatever happens, Slack’s limits hold', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 5000 }),
    fc.constantFrom('&'.repeat(4000), '<😀'.repeat(2000), 'x'.repeat(4000), '```'.repeat(2000)),
  )
  const version = fc.option(anyText, { nil: null })
  const service = fc.record({
    service: anyText,
    before: version,
    after: version,
    outcome: fc.constantFrom('applied', 'unwound', 'stuck', null),
  })
  const failure = fc.record({
    code: fc.constant('CHECK_FAILED' as const),
    message: anyText,
    hint: anyText,
    details: fc.array(anyText, { maxLength: 5 }),
  })
  const notification: fc.Arbitrary<Notification> = fc.record({
    event: fc.constantFrom(...notificationEvents),
    command: fc.constantFrom('apply', 'rollback'),
    project: anyText,
    environment: anyText,
    deployment: anyText,
    by: anyText,
    host: anyText,
    at: fc.constant('2024-05-01T03:00:00.000Z'),
    durationMs: fc.option(fc.nat(), { nil: null }),
    services: fc.array(service, { maxLength: 90 }),
    failure: fc.option(failure, { nil: null }),
  })

  test('in every block', () => {
    fc.assert(
      fc.property(notification, (given) => {
        const { blocks, text } = slackMessage(given)
        expect(blocks.length).toBeLessThanOrEqual(slackLimits.blocks)
        expect(text.length).toBeLessThanOrEqual(slackLimits.sectionText)
        blocks.forEach(expectWithinLimits)
      }),
      { numRuns: 60 },
    )
  })

  function expectWithinLimits(block: SlackBlock): void {
    if ('fields' in block) {
      expect(block.fields.length).toBeLessThanOrEqual(slackLimits.fieldsOfSection)
      for (const field of block.fields) expectText(field.text, slackLimits.fieldText)
      return
    }
    if (block.type === 'context') {
      expect(block.elements.length).toBeLessThanOrEqual(10)
      for (const element of block.elements) expectText(element.text, slackLimits.sectionText)
      return
    }
    expectText(block.text.text, block.type === 'header' ? slackLimits.headerText : slackLimits.sectionText)
  }

  function expectText(text: string, limit: number): void {
    expect(text.length).toBeGreaterThan(0)
    expect(text.length).toBeLessThanOrEqual(limit)
    expect(text).not.toMatch(/\p{Surrogate}/u)
  }

  test('and escapes are whole: unescaping gives the beginning of the text', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 10, max: 300 }), (given, limit) => {
        const written = escaped(given, limit)
        expect(written).not.toMatch(/[<>]|&(?!(amp|lt|gt);)/)
        const plain = written.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
        if (plain !== given) expect(given.startsWith(plain.replace(/…$/, ''))).toBe(true)
      }),
    )
  })
})
