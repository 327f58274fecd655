/** What a campaign can be pointed at: the properties of the runtime, and the broken subjects by their ids. */
import { brokenSubjects } from '../properties/broken.ts';
import { campaignBroken, campaignProperties } from '../properties/campaign-only.ts';
import type { Property } from '../properties/property.ts';
import { properties } from '../properties/table.ts';

export interface Target {
  /** As it is named on the command line. */
  readonly name: string;
  readonly property: Property;
  readonly subject: unknown;
  /** 'runtime', or the id of the broken subject. */
  readonly subjectName: string;
}

const everyProperty = [...properties, ...campaignProperties];

/** Every property with the production code. */
export function soundTargets(): Target[] {
  return everyProperty.map((property) => ({
    name: property.name,
    property,
    subject: property.subject,
    subjectName: 'runtime',
  }));
}

export function brokenTargets(): Target[] {
  return [...brokenSubjects, ...campaignBroken].map(({ id, caughtBy, subject }) => {
    const property = everyProperty.find(({ name }) => name === caughtBy);
    if (property === undefined) throw new Error(`broken subject ${id}: there is no property ${caughtBy}`);
    return { name: id, property, subject, subjectName: id };
  });
}

/** The target of a name, or of an artifact's property and subject. */
export function findTarget(name: string): Target | undefined {
  return [...soundTargets(), ...brokenTargets()].find((target) => target.name === name);
}
