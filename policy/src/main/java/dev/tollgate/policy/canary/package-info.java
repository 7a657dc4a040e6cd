/** Whether a canary goes on, waits, stops or is promoted: pure (api.md, R20 and R21). */
@NullMarked
package dev.tollgate.policy.canary;

import org.jspecify.annotations.NullMarked;
