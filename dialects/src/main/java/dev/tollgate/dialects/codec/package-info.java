/**
 * What a dialect must be able to do to take part in translation: {@link
 * dev.tollgate.dialects.codec.ClientCodec as the client's}, {@link
 * dev.tollgate.dialects.codec.ProviderCodec as the provider's} or both; and the JSON tools that all
 * of them share.
 */
@NullMarked
package dev.tollgate.dialects.codec;

import org.jspecify.annotations.NullMarked;
