import { expect, test } from 'vitest'
import { parseNpmrc } from '../../../../src/drivers/sources/npm/npmrc.js'

test.each([
  ['registry=https://r.test/', { registry: 'https://r.test/' }],
  ['  registry  =  https://r.test/  \r\n', { registry: 'https://r.test/' }],
  ['registry = "https://r.test/"', { registry: 'https://r.test/' }],
  ["registry = 'https://r.test/'", { registry: 'https://r.test/' }],
  ['@acme:registry=https://r.test/', { '@acme:registry': 'https://r.test/' }],
  ['//r.test/:_authToken=abc==', { '//r.test/:_authToken': 'abc==' }],
  ['//r.test/:_authToken=${TOKEN}', { '//r.test/:_authToken': 'from-env' }],
  ['a=${MISSING}', { a: '${MISSING}' }],
  ['a=${MISSING?}', { a: '' }],
  ['a=x${TOKEN}y', { a: 'xfrom-envy' }],
  ['a=1 ; comment', { a: '1' }],
  ['a=1\\;2', { a: '1;2' }],
  ['a=1\na=2', { a: '2' }],
  ['; a=1\n# b=2\n\n[section]\nca[]=x\nflag', {}],
])('%j', (text, expected) => {
  expect(Object.fromEntries(parseNpmrc(text, { TOKEN: 'from-env' }))).toEqual(expected)
})
