package dev.resumablews.internal.handler;

import java.util.List;

/**
 * Finds code of the application that handles messages.
 */
interface MappingSource {

	/**
	 * Finds it, without creating lazy beans.
	 */
	List<Mapping> find();

}
