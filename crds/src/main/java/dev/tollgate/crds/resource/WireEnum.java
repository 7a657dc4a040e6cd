package dev.tollgate.crds.resource;

import com.fasterxml.jackson.annotation.JacksonAnnotationsInside;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * An enum of a Kubernetes object. A value that is not known is read as the constant with
 * {@code @JsonEnumDefaultValue}, whatever the settings of the mapper, because one object of a newer
 * schema would otherwise fail the whole list.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@JacksonAnnotationsInside
@JsonDeserialize(using = TolerantEnum.class)
public @interface WireEnum {}
