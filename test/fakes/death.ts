/** What a call after the death of the run throws. */
export class Killed extends Error {
  override name = "Killed";
}

/** A run that dies at its n-th call to the world: before that call takes effect, or after it did. Nothing it calls later takes effect. */
export interface Death {
  /** Calls seen so far. */
  calls: number;
  dead: boolean;
  at: number;
  when: "before" | "after";
}

export const deathAt = (at: number, when: Death["when"]): Death => ({ calls: 0, dead: false, at, when });

/** The same object, whose methods die with the run. `counted`: the calls at which it may die; default: all. */
export function mortal<T extends object>(world: T, death: Death, counted?: ReadonlySet<string>): T {
  const die = (): never => {
    death.dead = true;
    throw new Killed(`killed at call ${death.at}`);
  };
  return new Proxy(world, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== "function") return member;
      const method = member.bind(target) as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        const counts = counted?.has(String(key)) ?? true;
        if (counts) death.calls += 1;
        const now = counts && death.calls === death.at;
        if (death.dead || (now && death.when === "before")) die();
        const answer = method(...args);
        return now && answer instanceof Promise ? answer.then(die) : now ? die() : answer;
      };
    },
  });
}
