import { describe, expect, test } from 'vitest'
import {
  checkByteOrderMark,
  checkInstructions,
  checkLineEndings,
  checkResult,
  checkSecondRun,
  readFixtures,
  updateFixture
} from './support/fixtures.ts'

const { cases, problems } = readFixtures()
const checks = [
  ['gives the files, verdict and findings of the case', checkResult],
  ['changes nothing in a second run', checkSecondRun],
  ['differs with CRLF by the line ends only', checkLineEndings],
  ['keeps a byte order mark', checkByteOrderMark],
  ['loses no instruction and no comment', checkInstructions]
] as const

test('the fixtures are well-formed', () => expect(problems).toEqual([]))

describe.each(cases.map((fixture) => [fixture.id, fixture] as const))('%s', (_id, fixture) => {
  if (fixture.file.pending !== undefined)
    test(`pending: ${fixture.file.pending}`, () => {
      expect(
        () => checks.forEach(([, check]) => void check(fixture)),
        'the case passes: remove "pending" from its case.json'
      ).toThrow()
    })
  else if (process.env.UPDATE_FIXTURES) test('is written anew', () => updateFixture(fixture))
  else test.each(checks)('%s', (_, check) => check(fixture))
})
