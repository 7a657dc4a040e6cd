package dev.tollgate.policy.share;

import org.jspecify.annotations.Nullable;

/**
 * What one proxy says of one account of limits. Requests and tokens are of the last 60 s, calls at
 * a time of this moment.
 *
 * @param share that it keeps to; null: it was told none, and takes an equal part
 * @param used what it has counted
 * @param demand what it has counted and what it had to refuse
 */
public record RateUse(LimitKey key, @Nullable Amounts share, Amounts used, Amounts demand) {}
