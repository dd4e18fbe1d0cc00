package dev.resumablews.internal.handler;

import java.util.List;

/**
 * Strategy that finds message handlers of the application.
 */
interface MappingSource {

	/**
	 * Finds the handlers without creating lazy beans.
	 */
	List<Mapping> find();

}
