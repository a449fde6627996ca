/*
 * RtlRandomEx: a small generator for tests and hashing, not for secrets. All state is the caller's seed: a 32-bit
 * linear congruential step whose output is permuted, because its low bits alone have short periods.
 *
 * IRQL: any.
 */
#include "rtl.h"

#define RTLP_RANDOM_MULTIPLIER  747796405u
#define RTLP_RANDOM_INCREMENT   2891336453u

/* Returns a number from 0 to MAXLONG - 1 and moves the seed on. */
ULONG RtlRandomEx(PULONG Seed)
{
    ULONG State = *Seed;
    ULONG Word = ((State >> ((State >> 28) + 4)) ^ State) * 277803737u;

    *Seed = State * RTLP_RANDOM_MULTIPLIER + RTLP_RANDOM_INCREMENT;
    return ((Word >> 22) ^ Word) % MAXLONG;
}
NT_EXPORT(RtlRandomEx);

ULONG RtlRandom(PULONG Seed)
{
    return RtlRandomEx(Seed);
}
NT_EXPORT(RtlRandom);
