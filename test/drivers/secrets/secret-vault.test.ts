/** The vault: no encoding of a secret survives masking, and nothing else is lost by it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { secretDrivers } from '../../../src/drivers/secrets/catalog.js'
import { createSecrets } from '../../../src/drivers/secrets/secret-vault.js'
import type { SecretPorts, SecretProviderDriver } from '../../../src/model/secret-provider.js'
import type { Secrets } from '../../../src/model/secrets.js'
import { systemShell } from '../../../src/drivers/system/system-shell.js'

function vault(env: SecretPorts['env']): Secrets {
  return createSecrets({}, secretDrivers, { env, projectDirectory: '/', shell: systemShell })
}

async function knowing(...values: string[]): Promise<Secrets> {
  const env = Object.fromEntries(values.map((value, index) => [`S${index}`, value]))
  const secrets = vault(env)
  for (const name of Object.keys(env)) await secrets.reveal(`\${secret.${name}}`)
  return secrets
}

/** How the rest of the program, and what it talks to, may write a text. */
const encodings: { readonly [name: string]: (text: string) => string } = {
  plain: (text) => text,
  json: (text) => JSON.stringify(text),
  'json in json': (text) => JSON.stringify(JSON.stringify({ key: text })),
  'ascii json': (text) =>
    JSON.stringify(text).replace(
      /[\u0080-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  'json with guarded slashes': (text) => JSON.stringify(text).replaceAll('/', '\\/'),
  component: (text) => encodeURIComponent(text),
  'lower case component': (text) => encodeURIComponent(text).replace(/%../g, (part) => part.toLowerCase()),
  form: (text) => new URLSearchParams({ key: text }).toString(),
  'form with spaces as %20': (text) => new URLSearchParams({ key: text }).toString().replaceAll('+', '%20'),
  uri: (text) => encodeURI(text),
  userinfo: (text) => {
    const url = new URL('https://host/')
    url.password = text
    return url.href
  },
  html: (text) =>
    text.replace(/[&<>]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char] ?? char),
  'shell quoted': (text) => `'${text.replaceAll("'", "'\\''")}'`,
  hex: (text) => Buffer.from(text).toString('hex'),
  'upper case hex': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  'basic authorization': (text) => `Basic ${Buffer.from(`user:${text}`).toString('base64')}`,
  'base64 in between, second alignment': (text) => Buffer.from(`a${text}bc`).toString('base64'),
  'base64 in between, third alignment': (text) => Buffer.from(`ab${text}c`).toString('base64url'),
  'base64 in a form': (text) => new URLSearchParams({ key: Buffer.from(text).toString('base64') }).toString(),
}

/** Enough of the secret to be worth hiding, and not made of what the mask itself is made of. */
const secret = fc
  .oneof(
    fc.string({ minLength: 4, maxLength: 40 }),
    fc.string({ minLength: 4, maxLength: 20, unit: 'grapheme' }),
    fc.string({
      minLength: 4,
      maxLength: 20,
      unit: fc.constantFrom('\\', '"', '/', ' ', '\n', '%', '+', 'a', "'", '&'),
    }),
    fc.base64String({ minLength: 4, maxLength: 64 }),
  )
  .filter((text) => /[^\s*].*[^\s*].*[^\s*].*[^\s*]/su.test(text))
const around = fc.string({ maxLength: 10, unit: fc.constantFrom('x', ' ', '{', '"', '\n', '=', '-') })

describe('masking', () => {
  test('no encoding of a secret survives it, wherever it stands', async () => {
    await fc.assert(
      fc.asyncProperty(secret, around, around, async (value, before, after) => {
        const secrets = await knowing(value)
        for (const [name, encode] of Object.entries(encodings)) {
          const written = encode(value)
          const bare = written.replace(/^"|"$/g, '')
          const masked = secrets.mask(`${before}${written}${after}`)
          expect(masked, name).toContain('***')
          expect(masked.includes(bare) && bare.length >= 4, `${name}: ${masked}`).toBe(false)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('what is masked stays as it is when it is masked again', async () => {
    const text = fc.array(fc.oneof(fc.string(), fc.constantFrom('***', '*', 'ab', 'abab', 'b***')))
    const values = fc.array(
      fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('***a', '*', 'ab', 'abab', 'b*')),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    await fc.assert(
      fc.asyncProperty(values, text, async (known, parts) => {
        const secrets = await knowing(...known)
        const once = secrets.mask(parts.concat(known).join(''))
        expect(secrets.mask(once)).toBe(once)
      }),
      { numRuns: 300 },
    )
  })

  test('secrets that overlap or hold one another leave no end uncovered', async () => {
    const secrets = await knowing('abcd1234', '1234wxyz', 'bcd1', 'aaaa')
    expect(secrets.mask('<abcd1234wxyz>')).toBe('<***>')
    expect(secrets.mask('<aaaaaa>')).toBe('<***>')
    expect(secrets.mask('abcd1234abcd1234 xbcd1x')).toBe('*** x***x')
  })

  test('everything else is kept', async () => {
    const secrets = await knowing('s3cr3t-value')
    const text = 'GET /health answered 500 "db: refused" s3cr3t valu\\u0065'
    expect(secrets.mask(text)).toBe(text)
    expect(secrets.mask('a s3cr3t-value b')).toBe('a *** b')
  })

  test('a secret of several lines is masked line by line too', async () => {
    const key = [
      '-----BEGIN KEY-----',
      'MIIEvQIBADANBgkq',
      '  hkiG9w0BAQEF',
      'ab',
      '-----END KEY-----',
      '',
    ].join('\r\n')
    const secrets = await knowing(key)
    for (const line of key.split('\r\n').filter((one) => one.length >= 4)) {
      expect(secrets.mask(`> ${line.trim()} <`)).toBe('> *** <')
    }
    expect(secrets.mask(`(${key.replaceAll('\r\n', '\n')})`)).not.toContain('MIIE')
  })

  test('a short secret is masked where it stands alone, and is let be inside words', async () => {
    const secrets = await knowing('abc', '7')
    expect(secrets.mask('abc dabc abcd "abc" 7 17 a7 x=7;')).toBe('*** dabc abcd "***" *** 17 a7 x=***;')
  })

  test('what was never asked for is not masked, and costs nothing', () => {
    const secrets = vault({ TOKEN: 'hunter22' })
    const data = { text: 'hunter22' }
    expect(secrets.mask('hunter22')).toBe('hunter22')
    expect(secrets.maskAll(data)).toBe(data)
  })

  test('a very long secret, and a hostile text, take no long time', async () => {
    const long = Array.from({ length: 4000 }, (_, index) => `${index}é\\`).join('')
    const secrets = await knowing(long, '\\'.repeat(30), "'".repeat(30), '%25'.repeat(10))
    expect(secrets.mask(`<${long}>`)).toBe('<***>')
    expect(secrets.mask(JSON.stringify(long))).not.toContain('1234é')
    secrets.mask(`${'\\'.repeat(5000)}${"'".repeat(5000)}${'%25'.repeat(5000)}`)
  })
})

describe('masking data', () => {
  test('keeps the shape: the same keys, lengths and kinds, and every other value', async () => {
    const secrets = await knowing('hunter22')
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (data) => {
        const poisoned = JSON.parse(JSON.stringify(data)) as unknown
        expect(secrets.maskAll(poisoned)).toEqual(poisoned)
      }),
    )
    const data = { a: ['x hunter22', 1, null, true], b: { c: 'hunter22', d: undefined }, hunter22: 22 }
    expect(secrets.maskAll(data)).toEqual({
      a: ['x ***', 1, null, true],
      b: { c: '***', d: undefined },
      hunter22: 22,
    })
    expect(data.a[0]).toBe('x hunter22')
  })
})

describe('revealing', () => {
  test('replaces every reference, and only references', async () => {
    const secrets = vault({ A: '$& ${secret.B}', B: 'bbbb' })
    expect(await secrets.reveal('${secret.A}|${secret.B}|${secret.B}|${var.x}|$secret.A')).toBe(
      '$& ${secret.B}|bbbb|bbbb|${var.x}|$secret.A',
    )
    expect(await secrets.reveal('nothing')).toBe('nothing')
  })

  test('asks once for each name, also when many ask at once; after a failure it asks again', async () => {
    const asked: string[] = []
    const driver: SecretProviderDriver = {
      type: 'fake',
      schema: {},
      lookUp: async (name) => {
        asked.push(name)
        if (asked.length === 1) throw new Error('not yet')
        return `${name}-value`
      },
    }
    const ports = { env: {}, projectDirectory: '/', shell: systemShell }
    const secrets = createSecrets({ A: { type: 'fake' } }, { fake: driver }, ports)
    await expect(secrets.reveal('${secret.A}')).rejects.toThrow('not yet')
    const texts = await Promise.all([1, 2, 3].map(() => secrets.reveal('${secret.A}')))
    expect(texts).toEqual(['A-value', 'A-value', 'A-value'])
    expect(asked).toEqual(['A', 'A'])
  })

  test('a missing one says where it was looked for and both ways to give it', async () => {
    for (const env of [{}, { TOKEN: '' }]) {
      await expect(vault(env).reveal('${secret.TOKEN}')).rejects.toMatchObject({
        code: 'SECRET_MISSING',
        message: expect.stringContaining('environment variable TOKEN') as string,
        hint: expect.stringMatching(/Set TOKEN.*`secrets` in deploy.yaml/) as string,
      })
    }
  })

  test('a reference that was escaped is the text it stands for, also beside a real one', async () => {
    expect(await vault({}).reveal('$${secret.A}')).toBe('${secret.A}')
    expect(await vault({ A: 'value' }).reveal('$${secret.A} is ${secret.A}')).toBe('${secret.A} is value')
  })

  test('names that objects have by birth are no secrets', async () => {
    await expect(vault({}).reveal('${secret.constructor}')).rejects.toMatchObject({ code: 'SECRET_MISSING' })
  })
})
