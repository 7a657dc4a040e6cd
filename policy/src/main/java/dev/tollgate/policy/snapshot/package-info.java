/**
 * The contract between control plane and data plane: one immutable {@link
 * dev.tollgate.policy.snapshot.Snapshot} of all that a proxy needs, and its canonical bytes.
 */
@NullMarked
package dev.tollgate.policy.snapshot;

import org.jspecify.annotations.NullMarked;
