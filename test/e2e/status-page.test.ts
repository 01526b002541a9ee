/** The status page in a real browser: light and dark, on a desk and on a phone, live, and safe against what it shows. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { controlBench, token } from '../drivers/control/control-bench.js'
import { addressOf, testWith } from '../support/needs.js'
import { nasty, shownAgent, shownReport, type ShownAgent } from '../support/shown-agent.js'

/** Where pictures go for people to look at; none unless it is set. */
const pictures = process.env['STATUS_PAGE_PICTURES']
let browser: Browser | null = null
let bench: Awaited<ReturnType<typeof controlBench>>
let agent: ShownAgent
let report: typeof shownReport = shownReport
let origin = ''
beforeAll(async () => {
  bench = await controlBench()
  agent = shownAgent(() => report)
  origin = await bench.serve(agent)
})
afterAll(async () => {
  await browser?.close()
  await bench.remove()
})

async function openPage(width: number, colorScheme: 'light' | 'dark') {
  browser ??= await chromium.launch({ executablePath: addressOf('chromium'), args: ['--no-sandbox'] })
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme })
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.goto(`${origin}/?token=${token}`)
  await page.getByText('shop · production').waitFor()
  return { page, errors, context }
}

for (const [name, width] of [
  ['desk', 1200],
  ['phone', 360],
] as const) {
  for (const scheme of ['light', 'dark'] as const) {
    testWith('chromium')(`shows everything on a ${name} in ${scheme}, within its width`, async () => {
      const { page, errors, context } = await openPage(width, scheme)
      expect(page.url()).toBe(`${origin}/`)
      for (const text of [
        'v1.4.2',
        'deploying',
        'drift',
        'not deployed yet',
        'Frozen',
        '2 notifications wait',
        'connection refused',
        'switch web',
        'launch week',
        'app-1 (canary)',
        'deployctl approve api --env production',
        'is approved by ada@desk',
        'waits for a person: pause web',
      ]) {
        expect(await page.getByText(text).first().isVisible(), text).toBe(true)
      }
      const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
      expect(overflow).toBeLessThanOrEqual(0)
      await page.locator('summary').click()
      expect(await page.getByText('could not reach db:5432').isVisible()).toBe(true)
      expect(await contrast(page)).toBeGreaterThan(4.5)
      if (pictures !== undefined) {
        if (!existsSync(pictures)) await mkdir(pictures, { recursive: true })
        await page.screenshot({ path: join(pictures, `${name}-${scheme}.png`), fullPage: true })
      }
      expect(errors).toEqual([])
      await context.close()
    })
  }
}

testWith('chromium')('what it is told is text and never markup', async () => {
  const { page, context } = await openPage(900, 'light')
  expect(await page.getByText(nasty).count()).toBeGreaterThan(0)
  expect(await page.locator('img').count()).toBe(0)
  expect(await page.title()).toBe('shop · production')
  await context.close()
})

testWith('chromium')(
  'follows what happens without being loaded again, keeps an open story open, and says when the agent is gone',
  async () => {
    const { page, context } = await openPage(900, 'dark')
    await page.locator('summary').click()
    report = { ...shownReport, agent: { ...shownReport.agent, running: null as never, outages: [] } }
    agent.tell({ time: new Date().toISOString(), level: 'info', msg: 'web v1.5.0 is deployed' })
    await page.getByText('web v1.5.0 is deployed').waitFor()
    await page.getByText('Under way').waitFor({ state: 'hidden' })
    expect(await page.getByText('could not reach db:5432').isVisible()).toBe(true)
    await bench.close()
    await page.getByText('the agent does not answer').waitFor()
    await context.close()
  },
)

/** The lowest contrast of a text against what is behind it, among the kinds of text there are. */
async function contrast(page: Awaited<ReturnType<typeof openPage>>['page']): Promise<number> {
  const ratio: unknown = await page.evaluate(`(() => {
    const parse = (text) => text.match(/[\\d.]+/g).map(Number)
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
    const ground = (node) => { for (; node; node = node.parentElement) { const c = parse(getComputedStyle(node).backgroundColor); if (c.length < 4 || c[3] > 0) return c } return [255, 255, 255] }
    const nodes = [...document.querySelectorAll('h1, h2, h3, p, .chip, .faint, summary, pre, li, .what')].filter((node) => node.offsetParent !== null)
    return Math.min(...nodes.map((node) => { const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05) }))
  })()`)
  return Number(ratio)
}
