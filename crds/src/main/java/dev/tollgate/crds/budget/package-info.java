/** Budget: money, rate limits and alarms of a team, an app or an organisation. */
@NullMarked
package dev.tollgate.crds.budget;

import org.jspecify.annotations.NullMarked;
