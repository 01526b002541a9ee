/**
 * The extended headers of pax archives: records of the form `<length> <key>=<value>\n`, taken by their length. Taking
 * them by line, as is often done, lets a value with a line break in it pass for records of its own.
 */
import { refusedArchive } from './refusal.js'

export type PaxRecords = readonly (readonly [key: string, value: Buffer])[]

export function parsePax(data: Buffer): PaxRecords {
  const records: [string, Buffer][] = []
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(0x20, at)
    const digits = space === -1 ? '' : data.toString('latin1', at, space)
    const end = at + Number(digits)
    const equals = data.indexOf(0x3d, space)
    if (!/^[1-9][0-9]{0,9}$/.test(digits) || end > data.length || data[end - 1] !== 0x0a) throw malformed()
    if (equals <= space + 1 || equals >= end) throw malformed()
    records.push([data.toString('utf8', space + 1, equals), data.subarray(equals + 1, end - 1)])
    at = end
  }
  return records
}

function malformed(): Error {
  return refusedArchive('it is damaged: an extended header makes no sense')
}
