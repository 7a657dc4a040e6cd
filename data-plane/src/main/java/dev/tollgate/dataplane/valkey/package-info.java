/** What proxies share by a Valkey, if they are given one: parts of limits, and answers. */
@NullMarked
package dev.tollgate.dataplane.valkey;

import org.jspecify.annotations.NullMarked;
