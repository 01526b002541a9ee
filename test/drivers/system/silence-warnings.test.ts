import { expect, test } from 'vitest'
import { silenceWarnings } from '../../../src/drivers/system/silence-warnings.js'

test('warnings of that name are dropped, however they are given, and no others', async () => {
  const heard: string[] = []
  const listen = ({ name, message }: Error) => void heard.push(`${name}: ${message}`)
  process.on('warning', listen)
  try {
    silenceWarnings('NoisyWarning')
    silenceWarnings('OtherNoise')
    process.emitWarning('one', 'NoisyWarning')
    process.emitWarning('two', { type: 'OtherNoise' })
    process.emitWarning(Object.assign(new Error('three'), { name: 'NoisyWarning' }))
    process.emitWarning('four', 'UsefulWarning')
    process.emitWarning('five')
    await new Promise((done) => setImmediate(done))
    expect(heard).toEqual(['UsefulWarning: four', 'Warning: five'])
  } finally {
    process.removeListener('warning', listen)
  }
})
