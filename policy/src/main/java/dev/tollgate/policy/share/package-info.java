/** How proxies share a limit of requests, tokens or calls at a time: pure (api.md, S26). */
@NullMarked
package dev.tollgate.policy.share;

import org.jspecify.annotations.NullMarked;
