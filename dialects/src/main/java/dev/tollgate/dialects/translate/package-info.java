/**
 * Joins two dialects: the client's {@link dev.tollgate.dialects.codec.ClientCodec} and the
 * provider's {@link dev.tollgate.dialects.codec.ProviderCodec} become a {@link
 * dev.tollgate.dialects.Bridge}, and {@link dev.tollgate.dialects.translate.Carriage} says what
 * survives the way.
 */
@NullMarked
package dev.tollgate.dialects.translate;

import org.jspecify.annotations.NullMarked;
